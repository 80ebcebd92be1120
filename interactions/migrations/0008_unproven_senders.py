from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('interactions', '0007_by_receiver'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='unproven',
            field=models.BooleanField(db_default=False, default=False, help_text='It says who sent it, and the proof failed.'),
        ),
    ]
